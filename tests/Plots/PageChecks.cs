namespace Lab.Tests.Plots;

/// <summary>What is looked at inside a page, as functions for the browser. Each returns a line for everything that is
/// wrong.</summary>
internal static class PageChecks
{
    internal const string OpenDetails = "() => { document.querySelectorAll('details').forEach(details => details.open = true) }";

    /// <summary>A figure without a size or words, or with words outside it.</summary>
    internal const string BadFigures = """
        () => {
          const bad = [], figures = [...document.querySelectorAll('svg')];
          if (figures.length === 0) bad.push('no figure');
          for (const svg of figures) {
            const box = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')], name = svg.getAttribute('aria-label');
            if (!(box.width > 100 && box.height > 100)) bad.push(`${name}: ${box.width} x ${box.height}`);
            if (texts.length < 3) bad.push(`${name}: ${texts.length} texts`);
            const boxes = texts.map(text => ({ text, box: text.getBoundingClientRect() }));
            for (const one of boxes) {
              if (one.box.left < box.left - 1 || one.box.right > box.right + 1 || one.box.top < box.top - 1 || one.box.bottom > box.bottom + 1)
                bad.push(`${name}: '${one.text.textContent}' is cut`);
              for (const other of boxes) {
                if (other === one) break;
                const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
                const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
                if (across > 1 && down > 5) bad.push(`${name}: '${one.text.textContent}' lies on '${other.text.textContent}'`);
              }
            }
          }
          return bad;
        }
        """;

    /// <summary>What reaches over the right edge outside of the boxes that scroll by themselves.</summary>
    internal const string Overflowing = """
        () => {
          const bad = [];
          if (document.documentElement.scrollWidth > innerWidth) bad.push(`the page is ${document.documentElement.scrollWidth} wide`);
          for (const element of document.body.querySelectorAll('*')) {
            if (element.parentElement.closest('.scroll')) continue;
            const box = element.getBoundingClientRect();
            if (box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5)) bad.push(`${element.tagName} ${element.className} reaches to ${box.right}`);
          }
          return bad;
        }
        """;

    /// <summary>Texts whose contrast with what is behind them is below 4.5.</summary>
    internal const string FaintTexts = """
        () => {
          const numbers = colour => colour.match(/[\d.]+/g).map(Number);
          const luminance = colour => { const [r, g, b] = numbers(colour).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
          const behind = element => {
            for (let at = element; at; at = at.parentElement) {
              if (at.tagName === 'svg') return getComputedStyle(at.querySelector('.bg')).fill;
              const colour = getComputedStyle(at).backgroundColor, parts = numbers(colour);
              if (parts.length < 4 || parts[3] > 0) return colour;
            }
            return 'rgb(255, 255, 255)';
          };
          const bad = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          let seen = 0;
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
            if (text === '' || ['STYLE', 'SCRIPT', 'style', 'title', 'desc'].includes(element.tagName)) continue;
            seen++;
            const style = getComputedStyle(element), [a, b] = [luminance(element.closest('svg') ? style.fill : style.color), luminance(behind(element))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (!(contrast >= 4.5)) bad.add(`${contrast.toFixed(2)}: ${element.tagName} ${element.getAttribute('class')} '${text}'`);
          }
          if (seen < 50) bad.add(`only ${seen} texts`);
          return [...bad];
        }
        """;

    /// <summary>What stands in a fold and takes no place.</summary>
    internal const string ClosedDetails = """
        async () => {
          // A fold's content is laid out with the next frame.
          for (let frame = 0; frame < 2; frame++) await new Promise(done => requestAnimationFrame(done));
          return [...document.querySelectorAll('details')].filter(details => [...details.children].some(child =>
          child.tagName !== 'SUMMARY' && !(child.checkVisibility({ contentVisibilityAuto: true }) && child.getBoundingClientRect().height > 0)))
          .map(details => details.querySelector('summary').textContent)
        }
        """;

    /// <summary>Tables and figures wider than the paper.</summary>
    internal const string CutOnPaper = """
        () => [...document.querySelectorAll('table, svg, pre')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)
          .map(one => `${one.tagName} ${one.className.baseVal ?? one.className} '${(one.getAttribute('aria-label') ?? one.textContent).slice(0, 60)}' reaches to ${one.getBoundingClientRect().right} of ${innerWidth}`)
        """;
}
