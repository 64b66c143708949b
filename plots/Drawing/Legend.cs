namespace Lab.Plots;

/// <summary>Where the legend stands. Never over the data.</summary>
public enum LegendPlace
{
    /// <summary>Right of the data where there is width for it, else below.</summary>
    Automatic,
    Right,
    Below,
}

/// <summary>The list of what is drawn: one entry per plottable with a legend text, in the order they were added.</summary>
public sealed class Legend
{
    private const double KeyWidth = 26, RowHeight = 20, Gap = 16;

    public LegendPlace Place { get; set; }

    /// <summary>Decides place and size for a figure of some width.</summary>
    internal LegendLayout LayOut(IReadOnlyList<LegendEntry> entries, double figureWidth)
    {
        if (entries.Count == 0) return new LegendLayout(IsRight: false, 0, 0, []);
        double WidthOf(LegendEntry entry) => KeyWidth + 6 + TextWidth.Of(entry.Text);
        double widest = entries.Max(WidthOf);
        bool isRight =
            Place == LegendPlace.Right || (Place == LegendPlace.Automatic && widest < figureWidth * 0.34 && figureWidth >= 600);
        List<(LegendEntry, double, double)> places = [];
        if (isRight)
        {
            foreach ((int index, LegendEntry entry) in entries.Index()) places.Add((entry, 0, index * RowHeight));
            return new LegendLayout(isRight, widest + Gap, entries.Count * RowHeight, places);
        }

        // Columns of equal width keep rows of different entries in line.
        int columns = Math.Max(1, (int)((figureWidth - 32) / (widest + Gap)));
        foreach ((int index, LegendEntry entry) in entries.Index())
        {
            places.Add((entry, index % columns * (widest + Gap), index / columns * RowHeight));
        }
        return new LegendLayout(isRight, 0, (((entries.Count - 1) / columns) + 1) * RowHeight + 8, places);
    }
}

/// <summary>What stands for an entry in the legend.</summary>
internal enum LegendKey
{
    Line,
    Square,
    Marker,
    OpenMarker,
}

internal sealed record LegendEntry(string Text, Tone Tone, LegendKey Key, LinePattern Pattern = LinePattern.Solid,
    MarkerShape Shape = MarkerShape.Circle, double Opacity = 1);

/// <param name="Width">Taken from the right of the figure.</param>
/// <param name="Height">Taken from its bottom, unless it stands to the right.</param>
/// <param name="Places">Each entry with its left edge and top, from the legend's own corner.</param>
internal sealed record LegendLayout(
    bool IsRight, double Width, double Height, IReadOnlyList<(LegendEntry Entry, double X, double Y)> Places);
