import React from 'react';
import { Image, ImageSourcePropType, TouchableOpacity } from 'react-native';

type Props = { source: ImageSourcePropType; onPress: () => void; label?: string };

export const IconButton = ({ source, onPress, label }: Props) => (
  <TouchableOpacity accessibilityRole="button" accessibilityLabel={label} onPress={onPress}>
    <Image source={source} />
  </TouchableOpacity>
);
