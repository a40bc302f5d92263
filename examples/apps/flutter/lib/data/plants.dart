import 'package:flutter/foundation.dart';

class Plant {
  const Plant({required this.id, required this.name, required this.days});

  final String id;
  final String name;
  final int days;
}

class PlantStore extends ChangeNotifier {
  final List<Plant> _plants = [
    const Plant(id: 'fern', name: 'Fern', days: 3),
    const Plant(id: 'cactus', name: 'Cactus', days: 21),
    const Plant(id: 'basil', name: 'Basil', days: 1),
  ];

  List<Plant> get plants => List.unmodifiable(_plants);

  void add(Plant plant) {
    _plants.add(plant);
    notifyListeners();
  }

  void remove(String id) {
    _plants.removeWhere((plant) => plant.id == id);
    notifyListeners();
  }

  void sort() {
    _plants.sort((a, b) => a.name.compareTo(b.name));
    notifyListeners();
  }
}

final plantStore = PlantStore();
