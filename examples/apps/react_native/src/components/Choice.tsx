import React from 'react';
import { Pressable, Text, View } from 'react-native';

type Option = { value: string; label: string };
type Props = { options: Option[]; value: string; onChange: (value: string) => void; testID: string };

export const Choice = ({ options, value, onChange, testID }: Props) => (
  <View accessibilityRole="radiogroup">
    {options.map(option => (
      <Pressable
        key={option.value}
        accessibilityRole="radio"
        accessibilityState={{ checked: option.value === value }}
        testID={`${testID}-${option.value}`}
        onPress={() => onChange(option.value)}
      >
        <Text>{option.label}</Text>
      </Pressable>
    ))}
  </View>
);
