"""Two apps drawn for the tests of the simulated phone, one for each platform, with what each command needs."""

from __future__ import annotations

from collections.abc import Callable

from appium.webdriver import Remote

Open = Callable[..., Remote]
"""Opens a session: platform, the app's XML if it is another than the one below, further capabilities."""

ANDROID = """<?xml version="1.0" encoding="utf-8"?>
<app width="1080" height="2400" platform="android" package="org.example.tea" start="login">
  <screen name="login" activity=".LoginActivity">
    <android.widget.FrameLayout bounds="[0,0][1080,2400]">
      <android.widget.EditText resource-id="org.example.tea:id/email" text="Email" hint="Email" clickable="true"
        bounds="[48,400][1032,540]" sim-max="20"/>
      <android.widget.EditText resource-id="org.example.tea:id/password" text="" hint="Password" password="true"
        clickable="true" bounds="[48,560][1032,700]"/>
      <android.widget.EditText resource-id="org.example.tea:id/age" text="" clickable="true"
        bounds="[48,720][1032,860]" sim-accepts="digits" sim-max="3"/>
      <android.widget.Switch resource-id="org.example.tea:id/remember" text="Remember me" checkable="true"
        checked="false" clickable="true" bounds="[48,880][1032,960]"/>
      <android.widget.Button resource-id="org.example.tea:id/sign_in" text="Sign in" clickable="true"
        bounds="[48,1000][1032,1140]" sim-goto="teas"/>
      <android.widget.Button resource-id="org.example.tea:id/closed" text="Closed" clickable="true" enabled="false"
        bounds="[48,1200][1032,1340]" sim-goto="teas"/>
      <android.widget.TextView text="Never seen" displayed="false" bounds="[0,0][0,0]"/>
    </android.widget.FrameLayout>
  </screen>
  <screen name="teas" activity=".TeasActivity" url="tea://list">
    <android.widget.FrameLayout bounds="[0,0][1080,2400]">
      <android.widget.ImageButton content-desc="More options" clickable="true" bounds="[960,60][1080,180]"
        sim-goto="menu"/>
      <androidx.recyclerview.widget.RecyclerView resource-id="org.example.tea:id/teas" scrollable="true"
        bounds="[0,200][1080,2400]">
        <android.view.ViewGroup clickable="true" bounds="[0,200][1080,400]" sim-goto="tea">
          <android.widget.TextView resource-id="org.example.tea:id/name" text="Green Sencha"
            bounds="[48,240][1032,320]"/>
        </android.view.ViewGroup>
        <android.view.ViewGroup clickable="true" bounds="[0,400][1080,600]" sim-goto="tea">
          <android.widget.TextView resource-id="org.example.tea:id/name" text="Black Assam"
            bounds="[48,440][1032,520]"/>
        </android.view.ViewGroup>
        <android.widget.TextView text="The end of the list" sim-offscreen="true" bounds="[48,2600][1032,2700]"/>
      </androidx.recyclerview.widget.RecyclerView>
    </android.widget.FrameLayout>
  </screen>
  <screen name="menu" over="true">
    <android.widget.TextView text="Settings" clickable="true" bounds="[500,60][1080,180]" sim-goto="tea"/>
    <android.widget.TextView text="Cancel" clickable="true" bounds="[500,180][1080,300]" sim-back="true"/>
  </screen>
  <screen name="tea" activity=".TeaActivity">
    <android.view.View resource-id="bare_tag" content-desc="Picture of a cup" bounds="[0,0][1080,400]"/>
    <android.widget.RadioGroup bounds="[0,400][1080,700]">
      <android.widget.RadioButton text="Hot" checkable="true" checked="true" clickable="true" sim-group="heat"
        bounds="[0,400][1080,500]"/>
      <android.widget.RadioButton text="Iced" checkable="true" checked="false" clickable="true" sim-group="heat"
        bounds="[0,500][1080,600]"/>
    </android.widget.RadioGroup>
    <android.widget.RadioGroup bounds="[0,1000][1080,1200]">
      <android.widget.RadioButton text="Large" checkable="true" checked="false" clickable="true"
        bounds="[0,1000][540,1200]"/>
      <android.widget.RadioButton text="Small" checkable="true" checked="true" clickable="true"
        bounds="[540,1000][1080,1200]"/>
    </android.widget.RadioGroup>
    <android.widget.LinearLayout content-desc="Milk row" clickable="true" bounds="[0,900][1080,1000]">
      <android.widget.TextView text="With milk" bounds="[0,900][900,1000]"/>
      <android.widget.Switch text="" checkable="true" checked="false" clickable="false" bounds="[900,900][1080,1000]"/>
    </android.widget.LinearLayout>
    <android.widget.SeekBar content-desc="Strength" text="3.0" bounds="[0,700][1080,800]"/>
  </screen>
</app>
"""

IOS = """<?xml version="1.0" encoding="utf-8"?>
<app width="390" height="844" platform="ios" package="org.example.tea" start="login">
  <screen name="login">
    <XCUIElementTypeTextField name="email" placeholderValue="Email" x="20" y="100" width="350" height="44"/>
    <XCUIElementTypeSecureTextField name="password" placeholderValue="Password" x="20" y="160" width="350" height="44"/>
    <XCUIElementTypeSwitch name="remember" label="Remember me" value="0" x="300" y="220" width="51" height="31"/>
    <XCUIElementTypeButton name="sign_in" label="Sign in" x="20" y="280" width="350" height="44" sim-goto="teas"/>
    <XCUIElementTypeButton name="closed" label="Closed" enabled="false" x="20" y="340" width="350" height="44"
      sim-goto="teas"/>
  </screen>
  <screen name="teas" url="tea://list">
    <XCUIElementTypeNavigationBar name="Teas" x="0" y="47" width="390" height="44">
      <XCUIElementTypeButton name="Back" label="Back" x="0" y="47" width="80" height="44" sim-back="true"/>
      <XCUIElementTypeStaticText name="Teas" label="Teas" x="150" y="47" width="90" height="44"/>
    </XCUIElementTypeNavigationBar>
    <XCUIElementTypeTable x="0" y="91" width="390" height="700">
      <XCUIElementTypeCell name="tea_row" x="0" y="91" width="390" height="60" sim-goto="tea">
        <XCUIElementTypeStaticText name="Green Sencha" label="Green Sencha" x="20" y="100" width="200" height="20"/>
      </XCUIElementTypeCell>
      <XCUIElementTypeCell name="tea_row" x="0" y="151" width="390" height="60" sim-goto="tea">
        <XCUIElementTypeStaticText name="Black Assam" label="Black Assam" x="20" y="160" width="200" height="20"/>
      </XCUIElementTypeCell>
      <XCUIElementTypeStaticText name="near" label="Nearly the end" sim-offscreen="true" x="0" y="880" width="390"
        height="20"/>
      <XCUIElementTypeStaticText name="end" label="The end of the list" sim-offscreen="true" x="0" y="900" width="390"
        height="20"/>
    </XCUIElementTypeTable>
  </screen>
  <screen name="tea">
    <XCUIElementTypeSegmentedControl x="20" y="100" width="350" height="32">
      <XCUIElementTypeButton name="Hot" label="Hot" value="1" sim-group="heat" x="20" y="100" width="175" height="32"/>
      <XCUIElementTypeButton name="Iced" label="Iced" sim-group="heat" x="195" y="100" width="175" height="32"/>
    </XCUIElementTypeSegmentedControl>
    <XCUIElementTypeSegmentedControl x="20" y="150" width="350" height="32">
      <XCUIElementTypeButton name="Large" label="Large" x="20" y="150" width="175" height="32"/>
      <XCUIElementTypeButton name="Small" label="Small" value="1" x="195" y="150" width="175" height="32"/>
    </XCUIElementTypeSegmentedControl>
    <XCUIElementTypeSlider name="strength" label="Strength" value="30%" x="20" y="200" width="350" height="44"/>
    <XCUIElementTypeSwitch name="milk" label="With milk" value="0" x="20" y="260" width="350" height="44"/>
    <XCUIElementTypeSwitch name="honey" label="With honey" value="0" x="20" y="310" width="350" height="44">
      <XCUIElementTypeSwitch value="0" x="319" y="316" width="51" height="31"/>
    </XCUIElementTypeSwitch>
  </screen>
</app>
"""
