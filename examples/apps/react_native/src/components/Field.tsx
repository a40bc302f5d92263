import React, { forwardRef } from 'react';
import { StyleSheet, Text, TextInput, TextInputProps, View } from 'react-native';

type Props = TextInputProps & { label: string };

/** An input under its name, which stands in the empty input too. */
export const Field = forwardRef<TextInput, Props>(({ label, placeholder = label, ...rest }, ref) => (
  <View style={styles.field}>
    <Text>{label}</Text>
    <TextInput ref={ref} placeholder={placeholder} style={styles.input} {...rest} />
  </View>
));

const styles = StyleSheet.create({
  field: { marginBottom: 16 },
  input: { borderBottomWidth: 1, height: 44 },
});
