import 'package:flutter/material.dart';

import 'l10n/app_localizations.dart';
import 'router.dart';

void main() => runApp(const VerdantApp());

class VerdantApp extends StatelessWidget {
  const VerdantApp({super.key});

  @override
  Widget build(BuildContext context) {
    return MaterialApp.router(
      title: 'Verdant',
      theme: ThemeData(colorSchemeSeed: Colors.green),
      localizationsDelegates: AppLocalizations.localizationsDelegates,
      supportedLocales: AppLocalizations.supportedLocales,
      routerConfig: router,
    );
  }
}
