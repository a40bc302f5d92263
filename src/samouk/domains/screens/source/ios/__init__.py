"""What the source of iOS apps (storyboards, xibs, UIKit, SwiftUI) says of screens; ``reader`` holds it together."""
