using System.Runtime.CompilerServices;
using System.Text;

namespace Lab.Report.Documents;

/// <summary>HTML being written. The literal part of an interpolated string is markup, every hole in it is text and is escaped:
/// nothing that came out of a run folder can become markup. Only our own drawings and constants go in as they are.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _text = new();

    /// <summary>The text is in place when the handler has been made: there is nothing left to do with it.</summary>
    internal void Add([InterpolatedStringHandlerArgument("")] Markup markup) => _ = markup;

    /// <param name="source">What this project made: a style sheet, a script, a drawing.</param>
    internal void AddOwn(string source) => _text.Append(source);

    public override string ToString() => _text.ToString();

    [InterpolatedStringHandler]
    internal readonly struct Markup
    {
        private readonly StringBuilder _text;

        public Markup(int literalLength, int formattedCount, HtmlText html)
        {
            _text = html._text;
            _ = _text.EnsureCapacity(_text.Length + literalLength + (formattedCount * 16));
        }

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(string? text)
        {
            foreach (char c in text ?? "")
            {
                _ = c switch
                {
                    '&' => _text.Append("&amp;"),
                    '<' => _text.Append("&lt;"),
                    '>' => _text.Append("&gt;"),
                    '"' => _text.Append("&quot;"),
                    '\'' => _text.Append("&#39;"),
                    < ' ' and not ('\n' or '\t') => _text.Append('\ufffd'),
                    _ => _text.Append(c),
                };
            }
        }

        public void AppendFormatted(IFormattable value) =>
            AppendFormatted(value.ToString(null, System.Globalization.CultureInfo.InvariantCulture));
    }
}
