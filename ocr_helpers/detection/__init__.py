"""Text detection tuned by hand: settings, what they find, what helps, without any widget."""
