import React from 'react';
import { StyleSheet, Switch, Text, View } from 'react-native';

type Props = { label: string; value: boolean; onValueChange: (value: boolean) => void; testID?: string };

export class SwitchRow extends React.PureComponent<Props> {
  render() {
    const { label, ...rest } = this.props;
    return (
      <View style={styles.row}>
        <Text>{label}</Text>
        <Switch accessibilityLabel={label} {...rest} />
      </View>
    );
  }
}

const styles = StyleSheet.create({
  row: { alignItems: 'center', flexDirection: 'row', justifyContent: 'space-between', paddingVertical: 12 },
});
