package org.example.bookshelf.screens

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Slider
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableFloatStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.stringResource
import org.example.bookshelf.R
import org.example.bookshelf.ui.AppButton
import org.example.bookshelf.ui.BackBar
import org.example.bookshelf.ui.SwitchRow

@Composable
fun SettingsScreen(onBack: () -> Unit, onSignOut: () -> Unit) {
    var reminders by rememberSaveable { mutableStateOf(true) }
    var size by rememberSaveable { mutableFloatStateOf(1f) }

    Scaffold(topBar = { BackBar(R.string.settings, onBack) }) { padding ->
        Column(Modifier.padding(padding)) {
            SwitchRow(R.string.reminders, checked = reminders, onCheckedChange = { reminders = it }, tag = "reminders")
            Text(stringResource(R.string.text_size))
            Slider(value = size, onValueChange = { size = it }, modifier = Modifier.testTag("text_size"))
            AppButton(R.string.sign_out, onClick = onSignOut, modifier = Modifier.testTag("sign_out"))
        }
    }
}
