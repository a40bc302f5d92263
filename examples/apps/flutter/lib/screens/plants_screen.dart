import 'package:flutter/material.dart';
import 'package:go_router/go_router.dart';

import '../data/plants.dart';
import '../l10n/context_l10n.dart';
import '../router.dart';
import '../widgets/app_button.dart';

enum _Action { sort, water, about }

class PlantsScreen extends StatelessWidget {
  const PlantsScreen({super.key});

  void _handleAction(BuildContext context, _Action action) {
    switch (action) {
      case _Action.sort:
        plantStore.sort();
      case _Action.water:
        ScaffoldMessenger.of(context).clearSnackBars();
      case _Action.about:
        _showAbout(context);
    }
  }

  void _showAbout(BuildContext context) {
    showDialog<void>(
      context: context,
      builder: (context) => AlertDialog(
        title: Text(context.l10n.appName),
        content: Text(context.l10n.aboutText),
        actions: [
          TextButton(
            onPressed: () => Navigator.of(context).pop(),
            child: Text(context.l10n.close),
          ),
        ],
      ),
    );
  }

  @override
  Widget build(BuildContext context) {
    final l10n = context.l10n;
    return Scaffold(
      appBar: AppBar(
        title: Text(l10n.plants),
        actions: [
          RoundIconButton(
            icon: Icons.settings,
            tooltip: l10n.settings,
            onTap: () => context.push(Paths.settings),
          ),
          PopupMenuButton<_Action>(
            tooltip: l10n.more,
            onSelected: (action) => _handleAction(context, action),
            itemBuilder: (context) => [
              PopupMenuItem(value: _Action.sort, child: Text(l10n.sortByName)),
              PopupMenuItem(value: _Action.water, child: Text(l10n.waterAll)),
              PopupMenuItem(value: _Action.about, child: Text(l10n.about)),
            ],
          ),
        ],
      ),
      floatingActionButton: FloatingActionButton(
        tooltip: l10n.addPlant,
        onPressed: () => context.pushNamed('newPlant'),
        child: const Icon(Icons.add),
      ),
      body: ListenableBuilder(
        listenable: plantStore,
        builder: (context, _) => ListView.builder(
          itemCount: plantStore.plants.length,
          itemBuilder: (context, index) => _PlantTile(plant: plantStore.plants[index]),
        ),
      ),
    );
  }
}

class _PlantTile extends StatelessWidget {
  const _PlantTile({required this.plant});

  final Plant plant;

  @override
  Widget build(BuildContext context) {
    return MergeSemantics(
      child: Semantics(
        identifier: 'plant_tile',
        child: ListTile(
          title: Text(plant.name),
          subtitle: Text(context.l10n.waterEvery(plant.days)),
          onTap: () => context.push(Paths.plant(plant.id)),
        ),
      ),
    );
  }
}
