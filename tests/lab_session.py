from tools.lab_session import ROOT, RUN_TIMEOUT_S, START_TIMEOUT_S, running_lab

__all__ = ["ROOT", "RUN_TIMEOUT_S", "START_TIMEOUT_S", "running_lab"]
