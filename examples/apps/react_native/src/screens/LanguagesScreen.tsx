import React from 'react';
import { useTranslation } from 'react-i18next';
import { View } from 'react-native';

import { AppButton } from '../components';
import type { ScreenProps } from '../routes';

const LANGUAGES = [
  { code: 'en', name: 'settings.english' },
  { code: 'ru', name: 'settings.russian' },
];

export default function LanguagesScreen({ navigation }: ScreenProps<'Languages'>) {
  const { t, i18n } = useTranslation();

  const choose = (code: string) => {
    i18n.changeLanguage(code);
    navigation.goBack();
  };

  return (
    <View>
      {LANGUAGES.map(({ code, name }) => (
        <AppButton key={code} title={t(name)} testID={`language-${code}`} onPress={() => choose(code)} />
      ))}
    </View>
  );
}
