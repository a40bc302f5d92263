import 'package:flutter/material.dart';

/// A switch with its words beside it, one thing for a screen reader.
class LabeledSwitch extends StatelessWidget {
  const LabeledSwitch({
    super.key,
    required this.identifier,
    required this.label,
    required this.value,
    required this.onChanged,
  });

  final String identifier;
  final String label;
  final bool value;
  final ValueChanged<bool> onChanged;

  @override
  Widget build(BuildContext context) {
    return MergeSemantics(
      child: Semantics(
        identifier: identifier,
        child: SwitchListTile(
          title: Text(label),
          value: value,
          onChanged: onChanged,
        ),
      ),
    );
  }
}
