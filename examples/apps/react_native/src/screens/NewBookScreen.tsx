import { Picker } from '@react-native-picker/picker';
import React, { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ScrollView, Text } from 'react-native';

import { addBook, Shelf } from '../books';
import { AppButton, Choice, Field } from '../components';
import type { ScreenProps } from '../routes';

const SHELVES: Shelf[] = ['later', 'now', 'done'];

export default function NewBookScreen({ navigation, route }: ScreenProps<'NewBook'>) {
  const { t } = useTranslation();
  const [title, setTitle] = useState('');
  const [pages, setPages] = useState('');
  const [notes, setNotes] = useState('');
  const [format, setFormat] = useState('paper');
  const [shelf, setShelf] = useState<Shelf>((route.params?.shelf as Shelf) ?? 'later');

  function save() {
    addBook({ id: title, title, author: '', pages: Number(pages), shelf });
    navigation.goBack();
  }

  return (
    <ScrollView>
      <Field label={t('newBook.name')} testID="title" maxLength={60} value={title} onChangeText={setTitle} />
      <Field
        label={t('newBook.pages')}
        testID="pages"
        keyboardType="number-pad"
        maxLength={4}
        value={pages}
        onChangeText={setPages}
      />
      <Field label={t('newBook.notes')} multiline value={notes} onChangeText={setNotes} />
      <Text>{t('newBook.shelf')}</Text>
      <Picker testID="shelf" selectedValue={shelf} onValueChange={setShelf}>
        {SHELVES.map(one => (
          <Picker.Item key={one} value={one} label={t(`newBook.${one}`)} />
        ))}
      </Picker>
      <Text>{t('newBook.format')}</Text>
      <Choice
        testID="format"
        value={format}
        onChange={setFormat}
        options={[
          { value: 'paper', label: t('newBook.paper') },
          { value: 'electronic', label: t('newBook.electronic') },
        ]}
      />
      {title !== '' && <Text testID="preview">{title}</Text>}
      <AppButton title={t('newBook.save')} testID="save" onPress={save} />
    </ScrollView>
  );
}
