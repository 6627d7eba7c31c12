"""The pages of a sample document."""

import io

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from data.samples.look import Look


class Sheet(BaseDocTemplate):
    """Pages with a running header, a footer with the page number, and an outline."""

    def __init__(self, target: io.BytesIO, facts: dict[str, str], look: Look) -> None:
        super().__init__(
            target,
            pagesize=look.paper,
            title=facts["document"],
            author=facts["author"],
            subject=facts["subject"],
            creator="data/samples/make.py",
            lang="en",
            invariant=1,
            pageCompression=0,
        )
        self._facts = facts
        self._look = look
        width, height = look.paper
        frame = Frame(
            look.margin,
            look.margin,
            width - 2 * look.margin,
            height - 2 * look.margin,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )
        self.addPageTemplates(
            [PageTemplate("page", [frame], onPage=self._draw_header, onPageEnd=self._draw_footer)]
        )

    def _draw_header(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        """Draw what stands above the text of every page."""
        height = self._look.paper[1]
        margin = self._look.margin
        self._rule(canvas, height - margin * 0.74)
        canvas.drawString(margin, height - margin * 0.62, self._facts["running"])

    def _draw_footer(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        """Draw what stands below the text of every page."""
        width = self._look.paper[0]
        margin = self._look.margin
        self._rule(canvas, margin * 0.8)
        canvas.drawRightString(width - margin, margin * 0.5, f"Page {canvas.getPageNumber()}")

    def _rule(self, canvas: Canvas, y: float) -> None:
        """Draw a line across the page, and leave the canvas set for the text beside it."""
        look = self._look
        canvas.setStrokeColor(look.accent)
        canvas.setFillColor(look.accent)
        canvas.setLineWidth(0.5)
        canvas.line(look.margin, y, look.paper[0] - look.margin, y)
        canvas.setFont(look.body.fontName, look.body.fontSize * 0.82)

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Give every heading its entry in the outline."""
        style = flowable.style.name if isinstance(flowable, Paragraph) else ""
        if isinstance(flowable, Paragraph) and style in ("h1", "h2"):
            text = flowable.getPlainText()
            key = f"{style}-{self.page}-{text}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(text, key, level=int(style == "h2"))
