using System.Text;
using System.Xml;

namespace Lab.Plots;

/// <summary>Skia writes a text by its glyphs and drops what the font has none for, and a tag or a branch may be called anything.
/// So each such character is drawn as a stand-in, a glyph of the font, and an SVG gets it back.</summary>
internal sealed class StandIns
{
    private const char First = '\ue000';
    private const int Most = 64;

    private readonly List<Rune> _missing = [];

    /// <summary>What is drawn instead of a text.</summary>
    internal string For(string text) => string.Concat(Legible(text).EnumerateRunes().Select(For));

    /// <summary>The text that something was drawn for.</summary>
    internal string Back(string drawn) => string.Concat(drawn.Select(c =>
        c >= First && c < First + _missing.Count ? _missing[c - First].ToString() : c.ToString()));

    /// <summary>XML has no way to say most control characters.</summary>
    internal static string Legible(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\ufffd" : rune.ToString()));

    private string For(Rune rune)
    {
        if (LabFont.Has(rune) && rune.Value is < First or >= First + Most) return rune.ToString();
        if (!_missing.Contains(rune) && _missing.Count < Most) _missing.Add(rune);
        int place = _missing.IndexOf(rune);
        return place < 0 ? "\ufffd" : ((char)(First + place)).ToString();
    }
}
