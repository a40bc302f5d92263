package org.example.bookshelf.screens

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.text.input.PasswordVisualTransformation
import androidx.compose.ui.tooling.preview.Preview
import androidx.compose.ui.unit.dp
import org.example.bookshelf.R
import org.example.bookshelf.ui.AppButton
import org.example.bookshelf.ui.LabelledField
import org.example.bookshelf.ui.SwitchRow

private const val LONGEST_EMAIL = 40

@Composable
fun LoginScreen(onSignedIn: () -> Unit) {
    var email by rememberSaveable { mutableStateOf("") }
    var password by rememberSaveable { mutableStateOf("") }
    var stay by rememberSaveable { mutableStateOf(false) }

    Column(Modifier.padding(24.dp)) {
        Text(stringResource(R.string.welcome), style = MaterialTheme.typography.headlineMedium)
        LabelledField(
            label = R.string.email,
            value = email,
            onValueChange = { if (it.length <= LONGEST_EMAIL) email = it },
            tag = "email",
            keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Email),
        )
        LabelledField(
            label = R.string.password,
            value = password,
            onValueChange = { password = it.take(20) },
            tag = "password",
            keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Password),
            visualTransformation = PasswordVisualTransformation(),
        )
        SwitchRow(R.string.stay_signed_in, checked = stay, onCheckedChange = { stay = it }, tag = "stay_signed_in")
        AppButton(R.string.sign_in, onClick = onSignedIn, modifier = Modifier.testTag("sign_in"))
        Text(
            text = stringResource(R.string.forgot_password),
            modifier = Modifier.clickable { /* opens the browser */ },
        )
    }
}

@Preview
@Composable
private fun LoginPreview() {
    LoginScreen(onSignedIn = {})
}
