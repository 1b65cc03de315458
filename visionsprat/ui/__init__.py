"""What the pages share: who is here, the frame around a page, the editor, Swedish words."""
