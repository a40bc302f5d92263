import 'package:go_router/go_router.dart';

import 'screens/login_screen.dart';
import 'screens/plant_form_screen.dart';
import 'screens/plant_screen.dart';
import 'screens/plants_screen.dart';
import 'screens/settings_screen.dart';

abstract final class Paths {
  static const login = '/login';
  static const plants = '/plants';
  static const settings = '/settings';

  static String plant(String id) => '$plants/$id';
}

final router = GoRouter(
  initialLocation: Paths.login,
  routes: [
    GoRoute(path: Paths.login, builder: (context, state) => const LoginScreen()),
    GoRoute(
      path: Paths.plants,
      builder: (context, state) => const PlantsScreen(),
      routes: [
        GoRoute(
          path: 'new',
          name: 'newPlant',
          builder: (context, state) => const PlantFormScreen(),
        ),
        GoRoute(
          path: ':id',
          builder: (context, state) => PlantScreen(id: state.pathParameters['id']!),
        ),
      ],
    ),
    GoRoute(path: Paths.settings, builder: (context, state) => const SettingsScreen()),
  ],
);
