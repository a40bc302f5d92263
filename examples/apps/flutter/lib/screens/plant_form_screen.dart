import 'package:flutter/material.dart';
import 'package:flutter/services.dart';
import 'package:go_router/go_router.dart';

import '../data/plants.dart';
import '../l10n/context_l10n.dart';
import '../widgets/app_button.dart';

enum Light { low, bright }

class PlantFormScreen extends StatefulWidget {
  const PlantFormScreen({super.key});

  @override
  State<PlantFormScreen> createState() => _PlantFormScreenState();
}

class _PlantFormScreenState extends State<PlantFormScreen> {
  final _name = TextEditingController();
  String? _room;
  Light _light = Light.low;
  bool _poisonous = false;

  void _save() {
    plantStore.add(Plant(id: _name.text, name: _name.text, days: 7));
    context.pop();
  }

  @override
  Widget build(BuildContext context) {
    final l10n = context.l10n;
    return Scaffold(
      appBar: AppBar(
        leading: IconButton(
          icon: const Icon(Icons.close),
          tooltip: l10n.back,
          onPressed: () => context.pop(),
        ),
        title: Text(l10n.newPlant),
      ),
      body: SingleChildScrollView(
        child: Column(
          children: [
            Semantics(
              identifier: 'form_name',
              child: TextField(
                controller: _name,
                maxLength: 30,
                decoration: InputDecoration(hintText: l10n.plantNameHint, counterText: ''),
              ),
            ),
            Semantics(
              identifier: 'form_days',
              child: TextField(
                keyboardType: TextInputType.number,
                inputFormatters: [FilteringTextInputFormatter.digitsOnly],
                decoration: InputDecoration(labelText: l10n.daysBetween),
              ),
            ),
            // No identifier and no label: only its place tells it.
            TextField(maxLines: 4, decoration: InputDecoration(hintText: l10n.notes)),
            MergeSemantics(
              child: Semantics(
                identifier: 'form_room',
                child: DropdownButton<String>(
                  value: _room,
                  hint: Text(l10n.room),
                  items: [
                    DropdownMenuItem(value: 'kitchen', child: Text(l10n.kitchen)),
                    DropdownMenuItem(value: 'bedroom', child: Text(l10n.bedroom)),
                    DropdownMenuItem(value: 'balcony', child: Text(l10n.balcony)),
                  ],
                  onChanged: (room) => setState(() => _room = room),
                ),
              ),
            ),
            for (final light in Light.values) _buildLight(light),
            MergeSemantics(
              child: Semantics(
                identifier: 'form_poisonous',
                child: CheckboxListTile(
                  title: Text(l10n.poisonous),
                  value: _poisonous,
                  onChanged: (value) => setState(() => _poisonous = value ?? false),
                ),
              ),
            ),
            if (_poisonous) Text(l10n.poisonousWarning),
            AppButton(identifier: 'form_save', label: l10n.save, onPressed: _save),
          ],
        ),
      ),
    );
  }

  Widget _buildLight(Light light) {
    return RadioListTile<Light>(
      title: Text(light == Light.low ? context.l10n.lightLow : context.l10n.lightBright),
      value: light,
      groupValue: _light,
      onChanged: (value) => setState(() => _light = value ?? Light.low),
    );
  }
}
