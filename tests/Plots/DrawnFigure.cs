using System.Xml.Linq;
using Lab.Plots;

namespace Lab.Tests.Plots;

/// <summary>A figure's SVG as a reader sees it: what stands on a group holds for all in it.</summary>
internal sealed class DrawnFigure(string svg)
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    internal DrawnFigure(Plot plot) : this(plot.GetSvg())
    {
    }

    internal XElement Root { get; } = XDocument.Parse(svg).Root!;

    internal List<string> Texts => [.. All("text").Select(text => text.Value)];

    /// <summary>What marks say when they are pointed at, in the order in which they are drawn.</summary>
    internal List<string> Tips => [.. All("title").Skip(1).Select(title => title.Value)];

    internal string Title => Root.Element(Svg + "title")!.Value;

    internal string Description => Root.Element(Svg + "desc")!.Value;

    internal IEnumerable<XElement> All(string name) => Root.Descendants(Svg + name);

    /// <summary>Lines in the colour of a series.</summary>
    internal IEnumerable<XElement> Lines(Tone tone) => All("path").Where(path => Of(path, "stroke") == tone.Hex(isDark: false));

    /// <summary>Every text that is written level, with the room that it takes.</summary>
    internal IEnumerable<(string Text, double Start, double End, double Y)> LevelTexts()
    {
        foreach (XElement text in All("text").Where(text => text.Attribute("transform") is null))
        {
            double x = (double)text.Attribute("x")!;
            double width = LabFont.Width(text.Value, float.Parse(Of(text, "font-size")!), Of(text, "font-weight") is not null);
            double start = Of(text, "text-anchor") switch { "middle" => x - (width / 2), "end" => x - width, _ => x };
            yield return (text.Value, start, start + width, (double)text.Attribute("y")!);
        }
    }

    /// <summary>An attribute of the element or of a group around it.</summary>
    internal static string? Of(XElement element, string name) =>
        element.AncestorsAndSelf().Select(one => (string?)one.Attribute(name)).FirstOrDefault(value => value is not null);
}
