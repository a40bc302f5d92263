import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import { getLocales } from 'react-native-localize';

import en from './locales/en.json';
import ru from './locales/ru.json';

i18n.use(initReactI18next).init({
  compatibilityJSON: 'v3',
  fallbackLng: 'en',
  lng: getLocales()[0]?.languageCode,
  resources: { en: { translation: en }, ru: { translation: ru } },
});

export default i18n;
