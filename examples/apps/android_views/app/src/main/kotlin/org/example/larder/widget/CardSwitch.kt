package org.example.larder.widget

import android.content.Context
import android.util.AttributeSet
import com.google.android.material.materialswitch.MaterialSwitch

open class LargeSwitch(context: Context, attributes: AttributeSet?) : MaterialSwitch(context, attributes)

class CardSwitch(context: Context, attributes: AttributeSet?) : LargeSwitch(context, attributes)
