"""Train the line-orientation classifier on synthetic lines: ``python -m training.line_orientation``.

Upright or upside down. A wrong turn destroys a line that would have been read, so an error on an upright line
costs more than one on a turned line, and lines that look alike both ways count as upright.
"""

from training.classifier_plan import LINE
from training.classifier_training import Task, arguments, train
from training.line_samples import make_samples

TASK = Task(LINE, make_samples, class_weights=(2.0, 1.0))

if __name__ == "__main__":
    train(TASK, arguments(__doc__, steps=2000, out="build/training/line_orientation"))
