using System.Globalization;
using System.Text;
using System.Xml;

namespace Lab.Plots;

internal enum TextAnchor
{
    Start,
    Middle,
    End,
}

/// <summary>Writes SVG elements through an XML writer, so that the document is well-formed whatever a name holds. Colours are
/// given twice: as a class, which follows the reader's colour scheme, and as an attribute for viewers without CSS
/// variables.</summary>
internal sealed class SvgCanvas : IDisposable
{
    private readonly StringBuilder _text = new();
    private readonly XmlWriter _xml;

    internal SvgCanvas(int width, int height, string title, string description)
    {
        _xml = XmlWriter.Create(_text, new XmlWriterSettings { OmitXmlDeclaration = true, CheckCharacters = true });
        _xml.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        Attribute("class", "labplot");
        Attribute("viewBox", $"0 0 {width} {height}");
        Attribute("width", Number(width));
        Attribute("height", Number(height));
        Attribute("role", "img");
        Attribute("aria-label", Legible(title));
        _xml.WriteElementString("title", Legible(title));
        _xml.WriteElementString("desc", Legible(description));
        _xml.WriteElementString("style", Tone.StyleSheet);
        Rectangle(0, 0, width, height, "bg", "#ffffff");
    }

    public void Dispose() => _xml.Dispose();

    internal string Finish()
    {
        _xml.WriteEndElement();
        _xml.Flush();
        return _text.ToString();
    }

    internal void Line(double x1, double y1, double x2, double y2, string cssClass, string stroke, double width = 1) =>
        Element("line", cssClass, ("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)),
            ("stroke", stroke), ("stroke-width", Number(width)));

    internal void Rectangle(double x, double y, double width, double height, string cssClass, string fill) =>
        Element("rect", cssClass, ("x", Number(x)), ("y", Number(y)), ("width", Number(width)), ("height", Number(height)),
            ("fill", fill));

    internal void Path(string data, Tone tone, LinePattern pattern, double width, double opacity)
    {
        string dash = pattern switch { LinePattern.Dashed => "7 4", LinePattern.Dotted => "1.5 4", _ => "none" };
        Element("path", tone.StrokeClass, ("d", data), ("fill", "none"), ("stroke", tone.Fallback),
            ("stroke-width", Number(width)),
            ("stroke-linejoin", "round"), ("stroke-linecap", "round"), ("stroke-dasharray", dash), ("opacity", Number(opacity)));
    }

    /// <summary>A filled area without an outline.</summary>
    internal void Area(string data, Tone tone, double opacity) =>
        Element("path", tone.FillClass, ("d", data), ("fill", tone.Fallback), ("opacity", Fraction(opacity)));

    /// <summary>Shapes of about equal area; an open one is filled with the background, so that lines end at it.</summary>
    internal void Marker(double x, double y, double radius, MarkerShape shape, bool isOpen, Tone tone, double opacity)
    {
        (string cssClass, string fill) = isOpen ? ($"{tone.StrokeClass} open", "#ffffff") : (tone.FillClass, tone.Fallback);
        (string, string)[] look = isOpen
            ? [("fill", fill), ("stroke", tone.Fallback), ("stroke-width", "1.6"), ("opacity", Fraction(opacity))]
            : [("fill", fill), ("opacity", Fraction(opacity))];
        if (shape == MarkerShape.Circle)
        {
            Element("circle", cssClass, [("cx", Number(x)), ("cy", Number(y)), ("r", Number(radius)), .. look]);
            return;
        }

        (double square, double triangle, double diamond) = (radius * 0.89, radius * 1.2, radius * 1.25);
        (double, double)[] corners = shape switch
        {
            MarkerShape.Square =>
                [(x - square, y - square), (x + square, y - square), (x + square, y + square), (x - square, y + square)],
            MarkerShape.Triangle =>
                [(x, y - triangle), (x + triangle, y + (triangle * 0.8)), (x - triangle, y + (triangle * 0.8))],
            _ => ((double, double)[])[(x, y - diamond), (x + diamond, y), (x, y + diamond), (x - diamond, y)],
        };
        Element("path", cssClass,
            [("d", $"M{string.Join('L', corners.Select(at => $"{Number(at.Item1)} {Number(at.Item2)}"))}z"), .. look]);
    }

    /// <summary>A text on its baseline. <paramref name="cssClass"/>: empty, <c>title</c> or <c>soft</c>.</summary>
    internal void Text(
        double x, double y, string text, TextAnchor anchor = TextAnchor.Start, string cssClass = "", bool isUpright = false)
    {
        _xml.WriteStartElement("text");
        Attribute("x", Number(x));
        Attribute("y", Number(y));
        if (cssClass.Length > 0) Attribute("class", cssClass);
        if (anchor != TextAnchor.Start) Attribute("text-anchor", anchor == TextAnchor.Middle ? "middle" : "end");
        if (isUpright) Attribute("transform", $"rotate(-90 {Number(x)} {Number(y)})");
        Attribute("font-family", "sans-serif");
        Attribute("font-size", cssClass switch { "title" => "16", "soft" => "12", _ => "13" });
        _xml.WriteString(Legible(text));
        _xml.WriteEndElement();
    }

    /// <summary>A coordinate to a tenth of a pixel.</summary>
    /// <exception cref="ArgumentException">Not a finite number: it should have been left out before it came here.</exception>
    internal static string Number(double value) => double.IsFinite(value)
        ? Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture)
        : throw new ArgumentException("A coordinate is not finite.", nameof(value));

    private static string Fraction(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private void Element(string name, string cssClass, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        _xml.WriteStartElement(name);
        Attribute("class", cssClass);
        foreach ((string attribute, string value) in attributes) Attribute(attribute, value);
        _xml.WriteEndElement();
    }

    private void Attribute(string name, string value) => _xml.WriteAttributeString(name, value);

    /// <summary>XML has no way to say most control characters.</summary>
    private static string Legible(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\ufffd" : rune.ToString()));
}
