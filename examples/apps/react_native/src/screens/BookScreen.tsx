import Slider from '@react-native-community/slider';
import React, { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Modal, Share, Text, View } from 'react-native';

import { findBook, removeBook } from '../books';
import { AppButton, IconButton, Tick } from '../components';
import type { ScreenProps } from '../routes';

export default function BookScreen({ navigation, route }: ScreenProps<'Book'>) {
  const { t } = useTranslation();
  const [finished, setFinished] = useState(false);
  const [page, setPage] = useState(0);
  const [asking, setAsking] = useState(false);
  const book = findBook(route.params.id);

  const remove = () => {
    removeBook(route.params.id);
    setAsking(false);
    navigation.goBack();
  };

  if (!book) {
    return <Text>{t('book.unknown')}</Text>;
  }
  return (
    <View>
      <Text accessibilityRole="header">{book.title}</Text>
      <Text>{book.author}</Text>
      <Text>{t('book.progress')}</Text>
      <Slider testID="progress" maximumValue={book.pages} value={page} onValueChange={setPage} />
      <Tick label={t('book.finished')} checked={finished} onChange={setFinished} testID="finished" />
      {/* Neither a label nor a testID: what the report on testability is there for. */}
      <IconButton source={require('../images/share.png')} onPress={() => Share.share({ message: book.title })} />
      <AppButton title={t('book.remove')} testID="remove" onPress={() => setAsking(true)} />
      <Modal transparent visible={asking} onRequestClose={() => setAsking(false)}>
        <Text>{t('book.confirm')}</Text>
        <AppButton title={t('book.keep')} testID="keep" onPress={() => setAsking(false)} />
        <AppButton title={t('book.remove')} testID="remove-for-good" onPress={remove} />
      </Modal>
    </View>
  );
}
