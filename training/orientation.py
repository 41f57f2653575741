"""Train the document-orientation classifier on synthetic pages: ``python -m training.orientation``."""

from training.classifier_plan import DOCUMENT
from training.classifier_training import Task, arguments, train
from training.page_samples import make_samples

TASK = Task(DOCUMENT, make_samples, class_weights=(1.0, 1.0, 1.0, 1.0))

if __name__ == "__main__":
    train(TASK, arguments(__doc__, steps=1800, out="build/training/orientation"))
