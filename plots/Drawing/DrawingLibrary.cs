using System.Reflection;
using System.Text;
using ScottPlot;
using SkiaSharp;

namespace Lab.Plots;

/// <summary>Whether anything can be drawn here. The answer loads the library, so only who wants to draw may ask.</summary>
public static class DrawingLibrary
{
    /// <summary>A sentence; null where figures can be drawn.</summary>
    public static string? WhyNot { get; } = Load();

    private static string? Load()
    {
        try
        {
            _ = LabFont.Width("0", 13);
            return null;
        }
        catch (Exception error) when (error.GetBaseException() is DllNotFoundException or BadImageFormatException)
        {
            return UndrawnFigures.Say("figures are not drawn, because the library libSkiaSharp cannot be loaded: "
                + error.GetBaseException().Message.ReplaceLineEndings(" ").Split(". ")[0] + ".");
        }
    }
}

/// <summary>What became of figures that could not be drawn. Unlike <see cref="DrawingLibrary"/>, anybody may ask.</summary>
public static class UndrawnFigures
{
    private static string? Why;

    /// <summary>A sentence, to be said once; null if none was asked for, or all were drawn.</summary>
    public static string? TakeWhy() => Interlocked.Exchange(ref Why, null);

    internal static string Say(string why) => Why = why;
}

/// <summary>The font that figures are laid out in, so that they are the same on every machine. An SVG's text is text, in the
/// reader's own font.</summary>
internal static class LabFont
{
    internal static readonly SKTypeface Regular = Embedded("LabSans.ttf"), Bold = Embedded("LabSans-Bold.ttf");

    static LabFont() => Fonts.DefaultFontStyle = Regular; // New label styles have it from here; no installed font is asked for.

    internal static bool Has(Rune character) => Regular.ContainsGlyph(character.Value);

    /// <summary>Pixels.</summary>
    internal static float Width(string text, float size, bool isBold = false)
    {
        using SKFont font = new(isBold ? Bold : Regular, size) { Subpixel = true, Hinting = SKFontHinting.Slight };
        return font.MeasureText(text);
    }

    /// <summary>The text in lines no wider than <paramref name="width"/>, broken between words; a longer word stands
    /// alone.</summary>
    internal static IReadOnlyList<string> Wrap(string text, float size, double width, bool isBold = false)
    {
        List<string> lines = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && Width($"{lines[^1]} {word}", size, isBold) <= width) lines[^1] = $"{lines[^1]} {word}";
            else lines.Add(word);
        }
        return lines;
    }

    private static SKTypeface Embedded(string name)
    {
        using Stream file = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        return SKTypeface.FromStream(file) ?? throw new InvalidOperationException($"{name} is no font.");
    }
}
