import Slider from '@react-native-community/slider';
import React, { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Modal, ScrollView, Text, TouchableOpacity } from 'react-native';

import { AppButton, SwitchRow } from '../components';

const LANGUAGES = [
  { code: 'en', name: 'settings.english' },
  { code: 'ru', name: 'settings.russian' },
];

export default function SettingsScreen({ navigation }: { navigation: { navigate: (route: string) => void } }) {
  const { t, i18n } = useTranslation();
  const [reminders, setReminders] = useState(false);
  const [covers, setCovers] = useState(true);
  const [size, setSize] = useState(16);
  const [choosing, setChoosing] = useState(false);

  const choose = (code: string) => {
    i18n.changeLanguage(code);
    setChoosing(false);
  };

  return (
    <ScrollView>
      <SwitchRow label={t('settings.reminders')} testID="reminders" value={reminders} onValueChange={setReminders} />
      <SwitchRow label={t('settings.covers')} testID="covers" value={covers} onValueChange={setCovers} />
      <Text>{t('settings.size')}</Text>
      <Slider minimumValue={12} maximumValue={28} value={size} onValueChange={setSize} />
      <TouchableOpacity onPress={() => setChoosing(true)}>
        <Text>{t('settings.language')}</Text>
      </TouchableOpacity>
      <AppButton title={t('settings.signOut')} testID="sign-out" onPress={() => navigation.navigate('SignIn')} />
      <Modal visible={choosing} onRequestClose={() => setChoosing(false)}>
        {LANGUAGES.map(({ code, name }) => (
          <AppButton key={code} title={t(name)} testID={`language-${code}`} onPress={() => choose(code)} />
        ))}
        <AppButton title={t('settings.close')} testID="close" onPress={() => setChoosing(false)} />
      </Modal>
    </ScrollView>
  );
}
