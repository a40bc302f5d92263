import 'package:flutter/material.dart';

/// The button of this app: full width, and known to tests by its identifier.
class AppButton extends StatelessWidget {
  const AppButton({
    super.key,
    required this.label,
    required this.onPressed,
    this.identifier,
    this.icon,
  });

  final String label;
  final VoidCallback? onPressed;
  final String? identifier;
  final IconData? icon;

  @override
  Widget build(BuildContext context) {
    final leading = icon;
    // Merged, so that identifier, words and tap are one thing on the phone.
    return MergeSemantics(
      child: Semantics(
        identifier: identifier,
        child: SizedBox(
          width: double.infinity,
          child: leading == null
              ? FilledButton(onPressed: onPressed, child: Text(label))
              : FilledButton.icon(
                  onPressed: onPressed,
                  icon: Icon(leading),
                  label: Text(label),
                ),
        ),
      ),
    );
  }
}

/// A round button with a picture only.
class RoundIconButton extends StatelessWidget {
  const RoundIconButton({super.key, required this.icon, required this.tooltip, required this.onTap});

  final IconData icon;
  final String tooltip;
  final VoidCallback onTap;

  @override
  Widget build(BuildContext context) {
    return IconButton(
      icon: Icon(icon),
      tooltip: tooltip,
      onPressed: onTap,
    );
  }
}
