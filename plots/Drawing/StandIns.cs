using System.Text;
using System.Xml;

namespace Lab.Plots;

/// <summary>Skia writes a text by its glyphs and drops what the font has none for, and a tag or a branch may be called anything.
/// So each such character is drawn as a stand-in, and an SVG gets it back.</summary>
internal sealed class StandIns
{
    private readonly List<Rune> _missing = [];

    /// <summary>What is drawn instead of a text.</summary>
    internal string For(string text)
    {
        text = Legible(text);
        if (text.EnumerateRunes().All(LabFont.Has)) return text;
        StringBuilder drawn = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            int place = LabFont.Has(rune) ? -1 : _missing.IndexOf(rune);
            if (place < 0 && !LabFont.Has(rune) && _missing.Count < LabFont.StandIns)
            {
                place = _missing.Count;
                _missing.Add(rune);
            }
            _ = LabFont.Has(rune) ? drawn.Append(rune) : drawn.Append(place < 0 ? '\ufffd' : (char)(LabFont.StandIn + place));
        }
        return drawn.ToString();
    }

    /// <summary>The text that something was drawn for.</summary>
    internal string Back(string drawn) => string.Concat(drawn.Select(c =>
        c >= LabFont.StandIn && c < LabFont.StandIn + _missing.Count ? _missing[c - LabFont.StandIn].ToString() : c.ToString()));

    /// <summary>XML has no way to say most control characters.</summary>
    internal static string Legible(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\ufffd" : rune.ToString()));
}
