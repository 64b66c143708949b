namespace Lab.Results.Tracking;

/// <summary>How well found change points agree with those that people marked. As TCPDBench scores (van den Burg, Williams 2020,
/// section 4; Arlot et al. 2010 for the covering): index 0 counts as a change everywhere; precision against the marks of all
/// annotators together, recall as the mean over annotators, F1 of both; a mark is matched by at most one found point within the
/// margin. Covering: the mean over annotators of the overlap (intersection over union) of each marked segment with the found one
/// it shares most with, weighted by length.</summary>
public readonly record struct ChangePointScore(double Precision, double Recall, double F1, double Covering)
{
    /// <param name="found">First indices of new levels, in any order.</param>
    /// <param name="marks">The same, for each annotator; at least one.</param>
    /// <param name="length">Of the series.</param>
    public static ChangePointScore Of(
        IReadOnlyCollection<int> found, IReadOnlyCollection<IReadOnlyCollection<int>> marks, int length, int margin = 5)
    {
        int[] points = [0, .. found.Where(point => point > 0).Distinct().Order()];
        int[][] annotators = [.. marks.Select(one => (int[])[0, .. one.Where(mark => mark > 0).Distinct().Order()])];
        int[] together = [.. annotators.SelectMany(one => one).Distinct().Order()];
        double precision = (double)Matched(together, points, margin) / points.Length;
        double recall = annotators.Average(one => (double)Matched(one, points, margin) / one.Length);
        double f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
        return new ChangePointScore(precision, recall, f1, annotators.Average(one => CoveringOf(one, points, length)));
    }

    /// <summary>Marks, each taking the nearest found point within the margin that no earlier mark took.</summary>
    private static int Matched(int[] marks, int[] points, int margin)
    {
        List<int> free = points.ToList();
        int matched = 0;
        foreach (int mark in marks)
        {
            List<int> near = free.Where(point => Math.Abs(point - mark) <= margin).ToList();
            if (near.Count == 0) continue;
            free.Remove(near.MinBy(point => Math.Abs(point - mark)));
            matched++;
        }

        return matched;
    }

    private static double CoveringOf(int[] marks, int[] points, int length)
    {
        List<(int From, int To)> found = Segments(points, length);
        return Segments(marks,
            length).Sum(segment => (double)(segment.To - segment.From) / length * found.Max(other => Overlap(segment, other)));
    }

    private static double Overlap((int From, int To) a, (int From, int To) b)
    {
        double common = Math.Max(0, Math.Min(a.To, b.To) - Math.Max(a.From, b.From));
        return common / (Math.Max(a.To, b.To) - Math.Min(a.From, b.From));
    }

    private static List<(int From, int To)> Segments(int[] starts, int length) =>
        [.. starts.Append(length).Zip(starts.Append(length).Skip(1)).Where(segment => segment.Second > segment.First)];
}
