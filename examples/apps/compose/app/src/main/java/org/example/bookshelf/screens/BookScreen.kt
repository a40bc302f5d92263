package org.example.bookshelf.screens

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.padding
import androidx.compose.material.icons.Icons
import androidx.compose.material.icons.filled.Delete
import androidx.compose.material.icons.filled.Share
import androidx.compose.material3.AlertDialog
import androidx.compose.material3.Checkbox
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Slider
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableFloatStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.stringResource
import org.example.bookshelf.Library
import org.example.bookshelf.R
import org.example.bookshelf.ui.BackBar

@Composable
fun BookScreen(id: Int, onBack: () -> Unit) {
    val book = remember(id) { Library.shared.find(id) }
    var finished by remember { mutableStateOf(false) }
    var rating by remember { mutableFloatStateOf(3f) }
    var asking by remember { mutableStateOf(false) }

    Scaffold(
        topBar = {
            BackBar(R.string.details, onBack = onBack) {
                IconButton(onClick = { asking = true }) {
                    Icon(Icons.Filled.Delete, contentDescription = stringResource(R.string.delete))
                }
            }
        },
    ) { padding ->
        Column(Modifier.padding(padding)) {
            Text(book?.title.orEmpty())
            Row {
                Checkbox(
                    checked = finished,
                    onCheckedChange = { finished = it },
                    modifier = Modifier.testTag("finished"),
                )
                Text(stringResource(R.string.finished))
            }
            if (finished) {
                Text(stringResource(R.string.rating))
                Slider(value = rating, onValueChange = { rating = it }, valueRange = 1f..5f)
            }
            IconButton(onClick = { /* the system's own sheet */ }) {
                Icon(Icons.Filled.Share, contentDescription = null)
            }
        }
    }

    if (asking) {
        DeleteDialog(onDismiss = { asking = false }, onConfirm = onBack)
    }
}

@Composable
private fun DeleteDialog(onDismiss: () -> Unit, onConfirm: () -> Unit) {
    AlertDialog(
        onDismissRequest = onDismiss,
        title = { Text(stringResource(R.string.delete_title)) },
        text = { Text(stringResource(R.string.delete_text)) },
        dismissButton = {
            TextButton(onClick = onDismiss) { Text(stringResource(R.string.keep)) }
        },
        confirmButton = {
            TextButton(onClick = onConfirm) { Text(stringResource(R.string.delete)) }
        },
    )
}
