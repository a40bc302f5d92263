import 'package:flutter/material.dart';
import 'package:go_router/go_router.dart';

import '../l10n/context_l10n.dart';
import '../router.dart';
import '../widgets/app_button.dart';
import '../widgets/labeled_switch.dart';

class SettingsScreen extends StatefulWidget {
  const SettingsScreen({super.key});

  @override
  State<SettingsScreen> createState() => _SettingsScreenState();
}

class _SettingsScreenState extends State<SettingsScreen> {
  bool _reminders = true;
  bool _vacation = false;
  double _hour = 9;

  @override
  Widget build(BuildContext context) {
    final l10n = context.l10n;
    return Scaffold(
      appBar: AppBar(
        leading: BackButton(onPressed: () => context.pop()),
        title: Text(l10n.settings),
      ),
      body: Column(
        children: [
          LabeledSwitch(
            identifier: 'settings_reminders',
            label: l10n.reminders,
            value: _reminders,
            onChanged: (value) => setState(() => _reminders = value),
          ),
          LabeledSwitch(
            identifier: 'settings_vacation',
            label: l10n.vacation,
            value: _vacation,
            onChanged: (value) => setState(() => _vacation = value),
          ),
          Text(l10n.dailyAt),
          Slider(
            min: 0,
            max: 23,
            value: _hour,
            onChanged: (value) => setState(() => _hour = value),
          ),
          AppButton(label: l10n.signOut, onPressed: () => context.go(Paths.login)),
        ],
      ),
    );
  }
}
