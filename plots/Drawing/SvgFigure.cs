using System.Globalization;
using System.Text;
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

    /// <summary>Attributes that neighbours share stand once, on a group around them; all others are where a thing is.</summary>
    private static readonly string[] Shared = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width",
        "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "font-size", "font-weight", "text-anchor"];

    /// <summary>What a line that is to be dashed is wider than it should be.</summary>
    internal static float TellTale(LinePattern pattern) => 0.01f * (int)pattern;

    /// <param name="tips">By place in pixels, in the order in which the marks are drawn.</param>
    internal static string Finish(
        Plot plot, Stream drawn, IEnumerable<(Coordinates At, string Words)> tips, StandIns words)
    {
        XElement root = Empty(plot), group = root;
        foreach (XElement one in Plain(drawn, [.. tips], words))
        {
            XAttribute[] shared = [.. one.Attributes().Where(attribute => Shared.Contains(attribute.Name.LocalName))];
            if (group == root || !Written(shared).SequenceEqual(Written(group.Attributes())))
            {
                group = new XElement(Svg + "g", shared);
                root.Add(group);
            }
            foreach (XAttribute attribute in shared) attribute.Remove();
            group.Add(one);
        }
        foreach (XElement lone in root.Elements(Svg + "g").Where(many => many.Elements().Count() == 1).ToArray())
        {
            XElement only = lone.Elements().Single();
            only.Add(lone.Attributes());
            lone.ReplaceWith(only);
        }
        return root.ToString(SaveOptions.DisableFormatting);

        static IEnumerable<string> Written(IEnumerable<XAttribute> attributes) => attributes.Select(one => one.ToString());
    }

    /// <summary>A figure of words alone: its title and why there is no more.</summary>
    internal static string Without(Plot plot, string why)
    {
        XElement root = Empty(plot);
        root.Add(Background());
        foreach ((int row, string line) in ((string[])[StandIns.Legible(plot.Title), why]).Index())
        {
            root.Add(new XElement(Svg + "text", new XAttribute("x", 16), new XAttribute("y", 31 + (20 * row)),
                new XAttribute("fill", Tone.Text.Hex(isDark: false)), new XAttribute("font-size", 13), line));
        }
        return root.ToString(SaveOptions.DisableFormatting);
    }

    private static XElement Empty(Plot plot) => new(Svg + "svg", new XAttribute("class", "labplot"),
        new XAttribute("viewBox", $"0 0 {plot.Width} {plot.Height}"), new XAttribute("width", plot.Width),
        new XAttribute("height", plot.Height), new XAttribute("role", "img"),
        new XAttribute("aria-label", StandIns.Legible(plot.Title)), new XAttribute("font-family", "sans-serif"),
        new XElement(Svg + "title", StandIns.Legible(plot.Title)), new XElement(Svg + "desc", StandIns.Legible(plot.Description)),
        new XElement(Svg + "style", Tone.StyleSheet));

    private static XElement Background() => new(Svg + "rect", new XAttribute("class", "bg"), new XAttribute("width", "100%"),
        new XAttribute("height", "100%"), new XAttribute("fill", Tone.Background.Hex(isDark: false)));

    /// <summary>What was drawn, each with the attributes that it needs. An outline joins the shape it goes around.</summary>
    private static List<XElement> Plain(Stream drawn, List<(Coordinates At, string Words)> tips, StandIns words)
    {
        List<XElement> all = [Background()];
        foreach (XElement one in XElement.Load(drawn).Descendants().Where(one => !one.HasElements).Skip(1)) // its background
        {
            if (one.Parent!.Name.LocalName == "clipPath" || (string?)one.Attribute("stroke-opacity") == "0") continue;
            XElement plain = one.Name.LocalName switch
            {
                "text" => Text(one, words),
                "ellipse" => new XElement(Svg + "circle", Number(one, "cx"), Number(one, "cy"), Number(one, "rx", "r")),
                "rect" => new XElement(Svg + "rect", ((string[])["x", "y", "width", "height"]).Select(name => Number(one, name))),
                _ => new XElement(Svg + "path", new XAttribute("d", Compact(one.Attribute("d")!.Value))),
            };
            bool isOutline = (string?)one.Attribute("stroke") is not null && plain.Name == all[^1].Name
                && (string?)all[^1].Attribute("fill") != "none" && plain.Attributes().All(place => (string?)all[^1].Attribute(place.Name) == place.Value);
            if (isOutline) plain = all[^1];
            else
            {
                all.Add(plain);
                Style(one, plain, "fill", "fill-opacity");
                if (TakeTip(one, tips) is { } tip) plain.Add(new XElement(Svg + "title", tip));
            }
            Style(one, plain, "stroke", "stroke-opacity", "stroke-width", "stroke-linecap", "stroke-linejoin");
        }
        return all;
    }

    /// <summary>Each corner by its way from the last, which is shorter. All are rounded before, so nothing adds up.</summary>
    private static string Compact(string path)
    {
        StringBuilder text = new();
        (int startX, int startY, int x, int y) = (0, 0, 0, 0);
        char last = ' ';
        foreach (Match part in CornerPattern().Matches(path))
        {
            if (part.Value == "Z")
            {
                (x, y, last) = (startX, startY, 'z');
                _ = text.Append(last);
                continue;
            }
            (int toX, int toY) = (Tenths(part.Groups[2].Value), Tenths(part.Groups[3].Value));
            char command = part.Groups[1].Value == "M" ? 'M' : toY == y ? 'h' : toX == x ? 'v' : 'l';
            int[] way = command switch { 'M' => [toX, toY], 'h' => [toX - x], 'v' => [toY - y], _ => [toX - x, toY - y] };
            if (command == 'M') (startX, startY) = (toX, toY);
            if (command != last) _ = text.Append(command);
            foreach ((int index, int one) in way.Index())
            {
                if (one >= 0 && (index > 0 || command == last)) _ = text.Append(' ');
                _ = text.Append((one / 10m).ToString("0.#", CultureInfo.InvariantCulture));
            }
            (x, y, last) = (toX, toY, command);
        }
        return text.ToString();

        static int Tenths(string number) => (int)Math.Round(Parsed(number) * 10);
    }

    private static void Style(XElement drawn, XElement plain, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if ((string?)drawn.Attribute(name) is not { } value || (name, value) is ("stroke-width", "1")) continue;
            if (value == "white") value = Tone.Background.Hex(isDark: false);
            if (name.EndsWith("opacity", StringComparison.Ordinal))
            {
                value = Parsed(value).ToString("0.##", CultureInfo.InvariantCulture);
            }
            if (name == "stroke-width")
            {
                LinePattern pattern = (LinePattern)Math.Round((Parsed(value) - Math.Round(Parsed(value), 1)) * 100);
                if (pattern == LinePattern.Dashed) plain.SetAttributeValue("stroke-dasharray", "7 4");
                if (pattern == LinePattern.Dotted) plain.SetAttributeValue("stroke-dasharray", "1.5 4");
                value = Rounded(Parsed(value));
            }
            plain.SetAttributeValue(name, value.ToLowerInvariant());
        }
    }

    /// <summary>Skia places each glyph; here the text has one place and the side on which it is held there.</summary>
    private static XElement Text(XElement drawn, StandIns words)
    {
        string text = drawn.Value.Trim();
        float size = (float)Parsed(drawn.Attribute("font-size")!.Value);
        bool isBold = drawn.Attribute("font-weight") is not null;
        double[] move = NumbersOf((string?)drawn.Attribute("transform") ?? "");
        (double x, double y) = (First("x"), First("y"));
        XElement plain = new(Svg + "text", words.Back(text));
        if (move.Length > 0)
        {
            // From the place that the text was moved to, it begins to the left by all or half of its width, or not at all.
            int side = (int)Math.Round(-2 * x / LabFont.Width(text, size, isBold));
            bool isUpright = move.Length > 2;
            (x, y) = isUpright ? (move[4] + y, move[5]) : (move[0], move[1] + y);
            if (isUpright) plain.SetAttributeValue("transform", $"rotate(-90 {Rounded(x)} {Rounded(y)})");
            if (side > 0) plain.SetAttributeValue("text-anchor", side == 1 ? "middle" : "end");
        }
        plain.SetAttributeValue("x", Rounded(x));
        plain.SetAttributeValue("y", Rounded(y));
        plain.SetAttributeValue("font-size", Rounded(size));
        if (isBold) plain.SetAttributeValue("font-weight", "600");
        return plain;

        double First(string name) => NumbersOf((string?)drawn.Attribute(name) ?? "0")[0];
    }

    /// <summary>The words of the first mark not yet met that is where this one is.</summary>
    private static string? TakeTip(XElement drawn, List<(Coordinates At, string Words)> tips)
    {
        double Of(string name) => Parsed(drawn.Attribute(name)?.Value ?? "0");
        (double x, double y) = (double.NaN, double.NaN);
        if (drawn.Name.LocalName == "ellipse") (x, y) = (Of("cx"), Of("cy"));
        else if (drawn.Name.LocalName == "rect") (x, y) = (Of("x") + (Of("width") / 2), Of("y") + (Of("height") / 2));
        else if (drawn.Attribute("d")?.Value is { Length: < 90 } path && (string?)drawn.Attribute("fill") != "none")
        {
            double[] corners = NumbersOf(path);
            (double[] xs, double[] ys) = ([.. corners.Where((_, at) => at % 2 == 0)], [.. corners.Where((_, at) => at % 2 == 1)]);
            (x, y) = ((xs.Min() + xs.Max()) / 2, (ys.Min() + ys.Max()) / 2);
        }
        int place = tips.FindIndex(tip => Math.Abs(tip.At.X - x) < 1 && Math.Abs(tip.At.Y - y) < 2);
        if (place < 0) return null;
        string words = StandIns.Legible(tips[place].Words);
        tips.RemoveAt(place);
        return words;
    }

    private static XAttribute Number(XElement drawn, string name, string? plain = null) =>
        new(plain ?? name, Rounded(Parsed(drawn.Attribute(name)?.Value ?? "0")));

    private static double[] NumbersOf(string text) => [.. NumberPattern().Matches(text).Select(match => Parsed(match.Value))];

    private static double Parsed(string number) => double.Parse(number, CultureInfo.InvariantCulture);

    /// <summary>A tenth of a pixel is as much as anybody sees.</summary>
    private static string Rounded(double value) => Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Z|([ML])\s*([^\sMLZ]+)\s+([^\sMLZ]+)")]
    private static partial Regex CornerPattern();

    [GeneratedRegex(@"-?\d+(\.\d+)?(e-?\d+)?")]
    private static partial Regex NumberPattern();
}
