import { useNavigation } from '@react-navigation/native';
import type { NativeStackNavigationProp } from '@react-navigation/native-stack';
import React, { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FlatList, Text, TextInput, TouchableHighlight, View } from 'react-native';

import { Book, loadBooks } from '../books';
import { IconButton } from '../components';
import type { RootParams } from '../routes';

export default function BooksScreen() {
  const { t } = useTranslation();
  const navigation = useNavigation<NativeStackNavigationProp<RootParams>>();
  const [query, setQuery] = useState('');

  const renderBook = ({ item }: { item: Book }) => (
    <TouchableHighlight testID={`book-${item.id}`} onPress={() => navigation.navigate('Book', { id: item.id })}>
      <View>
        <Text>{item.title}</Text>
        <Text>{t('books.pages', { count: item.pages })}</Text>
      </View>
    </TouchableHighlight>
  );

  return (
    <View>
      <TextInput
        testID="search"
        inputMode="search"
        placeholder={t('books.search')}
        maxLength={40}
        value={query}
        onChangeText={setQuery}
      />
      <FlatList
        testID="books"
        data={loadBooks(query)}
        keyExtractor={book => book.id}
        renderItem={renderBook}
        ListEmptyComponent={<Text>{t('books.empty')}</Text>}
      />
      <IconButton
        source={require('../images/plus.png')}
        label={t('books.add')}
        onPress={() => navigation.navigate('NewBook')}
      />
    </View>
  );
}
