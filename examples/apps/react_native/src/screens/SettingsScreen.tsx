import Slider from '@react-native-community/slider';
import React, { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ScrollView, Text, TouchableOpacity } from 'react-native';

import { AppButton, SwitchRow } from '../components';

export default function SettingsScreen({ navigation }: { navigation: { navigate: (route: string) => void } }) {
  const { t } = useTranslation();
  const [reminders, setReminders] = useState(false);
  const [covers, setCovers] = useState(true);
  const [size, setSize] = useState(16);

  return (
    <ScrollView>
      <SwitchRow label={t('settings.reminders')} testID="reminders" value={reminders} onValueChange={setReminders} />
      <SwitchRow label={t('settings.covers')} testID="covers" value={covers} onValueChange={setCovers} />
      <Text>{t('settings.size')}</Text>
      <Slider minimumValue={12} maximumValue={28} value={size} onValueChange={setSize} />
      <TouchableOpacity onPress={() => navigation.navigate('Languages')}>
        <Text>{t('settings.language')}</Text>
      </TouchableOpacity>
      <AppButton title={t('settings.signOut')} testID="sign-out" onPress={() => navigation.navigate('SignIn')} />
    </ScrollView>
  );
}
