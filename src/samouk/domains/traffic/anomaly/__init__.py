"""The learner that weighs the evidence of one window: how likely it does harm."""
