import UIKit

final class FeedbackViewController: UIViewController {
    @IBOutlet private weak var subjectField: UITextField!
    @IBOutlet private weak var messageView: UITextView!
    @IBOutlet private weak var sendButton: UIButton!

    private let anonymousSwitch: UISwitch = {
        let toggle = UISwitch()
        toggle.accessibilityIdentifier = "feedback_anonymous"
        toggle.accessibilityLabel = NSLocalizedString("feedback.anonymous", comment: "Switch")
        toggle.isOn = true
        return toggle
    }()

    override func viewDidLoad() {
        super.viewDidLoad()
        title = NSLocalizedString("feedback.title", comment: "Title of the page")
        messageView.accessibilityIdentifier = "feedback_message"
        sendButton.setTitle(NSLocalizedString("feedback.send", comment: "Button"), for: .normal)
        sendButton.accessibilityIdentifier = "feedback_send"
        view.addSubview(anonymousSwitch)
    }

    @IBAction private func send(_ sender: UIButton) {
        let alert = UIAlertController(
            title: NSLocalizedString("feedback.sent.title", comment: ""),
            message: NSLocalizedString("feedback.sent.message", comment: ""),
            preferredStyle: .alert
        )
        alert.addAction(UIAlertAction(title: NSLocalizedString("common.ok", comment: ""), style: .default))
        present(alert, animated: true)
    }
}
