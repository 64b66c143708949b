using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ScottPlot;

namespace Lab.Plots;

/// <summary>Makes of what Skia writes an SVG document for readers: text that is text, in their own font, with title and
/// description, light and dark in one, dashes that are an attribute, words where a mark is pointed at, and few bytes. It has no
/// ids, so that figures can share a page.</summary>
internal static partial class SvgFigure
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static readonly string[] Looks = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width",
        "stroke-linecap", "stroke-linejoin", "font-size", "font-weight", "text-anchor"];

    /// <summary>What a line that is to be dashed is wider than it should be.</summary>
    internal static float TellTale(LinePattern pattern) => 0.01f * (int)pattern;

    internal static string Of(Plot plot, Stream drawn, IEnumerable<(PixelRect Area, string Words)> tips, StandIns words)
    {
        XElement root = Empty(plot), group = root;
        foreach (XElement one in XElement.Load(drawn).Descendants().Where(one => !one.HasElements).Skip(1)) // its background
        {
            if (one.Parent!.Name.LocalName == "clipPath" || (string?)one.Attribute("stroke-opacity") == "0") continue;
            XElement plain = Plain(one, words), looks = new(Svg + "g", LooksOf(one));
            // What neighbours share stands once, on a group around them.
            if (group == root || !looks.Attributes().Select(Written).SequenceEqual(group.Attributes().Select(Written)))
            {
                root.Add(looks);
                group = looks;
            }
            group.Add(plain);
        }
        root.Add(new XElement(Svg + "g", new XAttribute("fill", "transparent"), tips.Select(tip => Rectangle(tip.Area.Left,
            tip.Area.Top, tip.Area.Width, tip.Area.Height, new XElement(Svg + "title", StandIns.Legible(tip.Words))))));
        return root.ToString(SaveOptions.DisableFormatting);

        static string Written(XAttribute attribute) => attribute.ToString();
    }

    /// <summary>A figure of words alone: its title and why there is no more.</summary>
    internal static string Of(Plot plot, string why)
    {
        XElement root = Empty(plot);
        root.Add(new XElement(Svg + "text", new XAttribute("y", 31), new XAttribute("font-size", 11),
            new XAttribute("fill", Tone.Text.Hex(isDark: false)),
            ((string[])[StandIns.Legible(plot.Title), why]).Select((line, row) =>
                new XElement(Svg + "tspan", new XAttribute("x", 16), new XAttribute("dy", 20 * row), line))));
        return root.ToString(SaveOptions.DisableFormatting);
    }

    private static XElement Empty(Plot plot) => new(Svg + "svg", new XAttribute("class", "labplot"),
        new XAttribute("viewBox", $"0 0 {plot.Width} {plot.Height}"), new XAttribute("width", plot.Width),
        new XAttribute("height", plot.Height), new XAttribute("role", "img"),
        new XAttribute("aria-label", StandIns.Legible(plot.Title)), new XAttribute("font-family", "sans-serif"),
        new XElement(Svg + "title", StandIns.Legible(plot.Title)), new XElement(Svg + "desc", StandIns.Legible(plot.Description)),
        new XElement(Svg + "style", Tone.StyleSheet),
        Rectangle(0, 0, plot.Width, plot.Height, new XAttribute("class", "bg"),
            new XAttribute("fill", Tone.Background.Hex(isDark: false))));

    private static XElement Rectangle(double x, double y, double width, double height, params object[] content) =>
        new(Svg + "rect", At("x", x), At("y", y), At("width", width), At("height", height), content);

    /// <summary>The shape alone, without how it looks.</summary>
    private static XElement Plain(XElement drawn, StandIns words)
    {
        double Of(string name) => NumbersOf(drawn, name) is [var first, ..] ? first : 0;
        switch (drawn.Name.LocalName)
        {
            case "ellipse":
                return new XElement(Svg + "circle", At("cx", Of("cx")), At("cy", Of("cy")), At("r", Of("rx")));
            case "rect":
                return Rectangle(Of("x"), Of("y"), Of("width"), Of("height"));
            case "path":
                string path = NumberPattern().Replace(drawn.Attribute("d")!.Value, match => Rounded(Parsed(match.Value)));
                return new XElement(Svg + "path", new XAttribute("d", path));
        }

        // Skia places each glyph. Here a text has one place, to which it was moved, and the side on which it is held there.
        string text = drawn.Value.Trim();
        (double x, double y) = (Of("x"), Of("y"));
        if (NumbersOf(drawn, "transform") is not { Length: > 0 } move)
        {
            return new XElement(Svg + "text", At("x", x), At("y", y), words.Back(text));
        }
        bool isBold = drawn.Attribute("font-weight") is not null;
        int side = (int)Math.Round(-2 * x / LabFont.Width(text, (float)Of("font-size"), isBold));
        if (side > 0) drawn.SetAttributeValue("text-anchor", side == 1 ? "middle" : "end");
        bool isUpright = move.Length > 2;
        (x, y) = isUpright ? (move[4] + y, move[5]) : (move[0], move[1] + y);
        return new XElement(Svg + "text", At("x", x), At("y", y),
            isUpright ? new XAttribute("transform", $"rotate(-90 {Rounded(x)} {Rounded(y)})") : null, words.Back(text));
    }

    private static IEnumerable<XAttribute> LooksOf(XElement drawn)
    {
        foreach (string name in Looks)
        {
            if ((string?)drawn.Attribute(name) is not { } value) continue;
            if (name == "stroke-width")
            {
                LinePattern pattern = (LinePattern)Math.Round((Parsed(value) - Math.Round(Parsed(value), 1)) * 100);
                if (pattern != LinePattern.Solid)
                {
                    yield return new XAttribute("stroke-dasharray", pattern == LinePattern.Dashed ? "7 4" : "1.5 4");
                }
                value = Rounded(Parsed(value));
            }
            if (name.EndsWith("opacity", StringComparison.Ordinal))
            {
                value = Parsed(value).ToString("0.##", CultureInfo.InvariantCulture);
            }
            yield return new XAttribute(name, value == "white" ? Tone.Background.Hex(isDark: false) : value.ToLowerInvariant());
        }
    }

    private static double[] NumbersOf(XElement drawn, string name) =>
        [.. NumberPattern().Matches((string?)drawn.Attribute(name) ?? "").Select(match => Parsed(match.Value))];

    private static double Parsed(string number) => double.Parse(number, CultureInfo.InvariantCulture);

    private static XAttribute At(string name, double value) => new(name, Rounded(value));

    /// <summary>A tenth of a pixel is as much as anybody sees.</summary>
    private static string Rounded(double value) => Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"-?\d+(\.\d+)?(e-?\d+)?")]
    private static partial Regex NumberPattern();
}
