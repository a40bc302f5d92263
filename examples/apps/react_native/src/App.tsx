import { createBottomTabNavigator } from '@react-navigation/bottom-tabs';
import { NavigationContainer } from '@react-navigation/native';
import { createNativeStackNavigator } from '@react-navigation/native-stack';
import React from 'react';
import { useTranslation } from 'react-i18next';

import './i18n';
import type { RootParams, TabParams } from './routes';
import BookScreen from './screens/BookScreen';
import BooksScreen from './screens/BooksScreen';
import LanguagesScreen from './screens/LanguagesScreen';
import NewBookScreen from './screens/NewBookScreen';
import SettingsScreen from './screens/SettingsScreen';
import SignInScreen from './screens/SignInScreen';

const Stack = createNativeStackNavigator<RootParams>();
const Tab = createBottomTabNavigator<TabParams>();

function HomeTabs() {
  const { t } = useTranslation();
  return (
    <Tab.Navigator>
      <Tab.Screen
        name="Books"
        component={BooksScreen}
        options={{ title: t('books.title'), tabBarTestID: 'tab-books' }}
      />
      <Tab.Screen
        name="Settings"
        component={SettingsScreen}
        options={{ title: t('settings.title'), tabBarTestID: 'tab-settings' }}
      />
    </Tab.Navigator>
  );
}

export default function App() {
  const { t } = useTranslation();
  return (
    <NavigationContainer>
      <Stack.Navigator initialRouteName="SignIn">
        <Stack.Screen name="SignIn" component={SignInScreen} options={{ headerShown: false }} />
        <Stack.Screen name="Home" component={HomeTabs} options={{ headerShown: false }} />
        <Stack.Screen name="Book" component={BookScreen} options={{ title: t('book.title') }} />
        <Stack.Screen name="NewBook" component={NewBookScreen} options={{ title: t('newBook.title') }} />
        <Stack.Screen name="Languages" component={LanguagesScreen} options={{ title: t('settings.language') }} />
      </Stack.Navigator>
    </NavigationContainer>
  );
}
