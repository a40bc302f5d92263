import React from 'react';
import { Pressable, PressableProps, StyleSheet, Text } from 'react-native';

type Props = PressableProps & { title: string };

/** The app's one button; everything but its title goes to the Pressable. */
export function AppButton({ title, ...rest }: Props) {
  return (
    <Pressable accessibilityRole="button" style={styles.button} {...rest}>
      <Text style={styles.title}>{title}</Text>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  button: { backgroundColor: '#24476b', borderRadius: 8, padding: 14 },
  title: { color: 'white', fontWeight: '600', textAlign: 'center' },
});
