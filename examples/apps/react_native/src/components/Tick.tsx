import React from 'react';
import { Pressable, Text } from 'react-native';

type Props = { label: string; checked: boolean; onChange: (checked: boolean) => void; testID?: string };

export function Tick({ label, checked, onChange, testID }: Props) {
  return (
    <Pressable
      accessibilityRole="checkbox"
      accessibilityState={{ checked }}
      testID={testID}
      onPress={() => onChange(!checked)}
    >
      <Text>{label}</Text>
    </Pressable>
  );
}
