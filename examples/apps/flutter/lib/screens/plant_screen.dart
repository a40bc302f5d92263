import 'package:flutter/material.dart';

import '../data/plants.dart';
import '../l10n/context_l10n.dart';
import '../widgets/app_button.dart';

class PlantScreen extends StatelessWidget {
  const PlantScreen({super.key, required this.id});

  final String id;

  Future<void> _confirmDelete(BuildContext context) async {
    final sure = await showDialog<bool>(
      context: context,
      builder: (_) => const DeletePlantDialog(),
    );
    if (sure ?? false) {
      plantStore.remove(id);
    }
  }

  @override
  Widget build(BuildContext context) {
    final l10n = context.l10n;
    return Scaffold(
      appBar: AppBar(
        leading: IconButton(
          icon: const Icon(Icons.arrow_back),
          tooltip: l10n.back,
          onPressed: () => Navigator.pop(context),
        ),
        title: Text(id),
      ),
      body: Column(
        children: [
          // Nothing that a test can hold on to: a picture that is tapped.
          GestureDetector(
            onTap: () => debugPrint('photo of $id'),
            child: Image.asset('assets/leaf.png', height: 240),
          ),
          AppButton(identifier: 'plant_water', label: l10n.waterNow, icon: Icons.water_drop, onPressed: () {
            debugPrint('watered $id');
          }),
          OutlinedButton(
            key: const Key('delete_plant'),
            onPressed: () => _confirmDelete(context),
            child: Text(l10n.deletePlant),
          ),
        ],
      ),
    );
  }
}

class DeletePlantDialog extends StatelessWidget {
  const DeletePlantDialog({super.key});

  @override
  Widget build(BuildContext context) {
    return AlertDialog(
      title: Text(context.l10n.deleteQuestion),
      actions: [
        TextButton(
          onPressed: () => Navigator.pop(context, false),
          child: Text(context.l10n.cancel),
        ),
        TextButton(
          onPressed: () => Navigator.pop(context, true),
          child: Text(context.l10n.delete),
        ),
      ],
    );
  }
}
