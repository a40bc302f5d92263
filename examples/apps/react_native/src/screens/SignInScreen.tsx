import React, { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ScrollView, Text } from 'react-native';

import { AppButton, Field, SwitchRow } from '../components';
import type { ScreenProps } from '../routes';

export default function SignInScreen({ navigation }: ScreenProps<'SignIn'>) {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [remember, setRemember] = useState(true);

  const enter = () => navigation.replace('Home');

  return (
    <ScrollView keyboardShouldPersistTaps="handled">
      <Text accessibilityRole="header">{t('signIn.welcome')}</Text>
      <Field
        label={t('signIn.email')}
        testID="email"
        keyboardType="email-address"
        autoCapitalize="none"
        maxLength={64}
        value={email}
        onChangeText={setEmail}
      />
      <Field
        label={t('signIn.password')}
        testID="password"
        secureTextEntry
        maxLength={32}
        value={password}
        onChangeText={setPassword}
      />
      <SwitchRow label={t('signIn.remember')} testID="remember" value={remember} onValueChange={setRemember} />
      <AppButton title={t('signIn.submit')} testID="sign-in" onPress={enter} />
      <Text onPress={enter}>{t('signIn.skip')}</Text>
    </ScrollView>
  );
}
