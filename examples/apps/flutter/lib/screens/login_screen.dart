import 'package:flutter/material.dart';
import 'package:flutter/services.dart';
import 'package:go_router/go_router.dart';

import '../l10n/context_l10n.dart';
import '../router.dart';
import '../widgets/app_button.dart';

class LoginScreen extends StatefulWidget {
  const LoginScreen({super.key});

  @override
  State<LoginScreen> createState() => _LoginScreenState();
}

class _LoginScreenState extends State<LoginScreen> {
  final _email = TextEditingController();
  bool _hidden = true;
  bool _keep = false;
  String? _problem;

  @override
  void dispose() {
    _email.dispose();
    super.dispose();
  }

  void _signIn() {
    setState(() => _problem = null);
    context.go(Paths.plants);
  }

  @override
  Widget build(BuildContext context) {
    final l10n = context.l10n;
    return Scaffold(
      body: SafeArea(
        child: ListView(
          padding: const EdgeInsets.all(24),
          children: [
            _buildHeader(),
            Semantics(
              identifier: 'login_email',
              child: TextField(
                controller: _email,
                keyboardType: TextInputType.emailAddress,
                maxLength: 60,
                decoration: InputDecoration(labelText: l10n.email, counterText: ''),
              ),
            ),
            Semantics(
              identifier: 'login_password',
              child: TextField(
                obscureText: _hidden,
                decoration: InputDecoration(
                  labelText: l10n.password,
                  suffixIcon: IconButton(
                    icon: const Icon(Icons.visibility),
                    tooltip: l10n.showPassword,
                    onPressed: () => setState(() => _hidden = !_hidden),
                  ),
                ),
              ),
            ),
            Semantics(
              identifier: 'login_pin',
              child: TextField(
                keyboardType: TextInputType.number,
                inputFormatters: [
                  FilteringTextInputFormatter.digitsOnly,
                  LengthLimitingTextInputFormatter(6),
                ],
                decoration: InputDecoration(labelText: l10n.pin),
              ),
            ),
            MergeSemantics(
              child: Semantics(
                identifier: 'login_keep',
                child: CheckboxListTile(
                  title: Text(l10n.keepSignedIn),
                  value: _keep,
                  onChanged: (value) => setState(() => _keep = value ?? false),
                ),
              ),
            ),
            if (_problem != null) Text(_problem!, style: const TextStyle(color: Colors.red)),
            AppButton(identifier: 'login_submit', label: l10n.signIn, onPressed: _signIn),
          ],
        ),
      ),
    );
  }

  Widget _buildHeader() {
    return Column(
      children: [
        const ExcludeSemantics(child: Icon(Icons.local_florist, size: 64)),
        Text(context.l10n.welcome, style: Theme.of(context).textTheme.headlineSmall),
      ],
    );
  }
}
