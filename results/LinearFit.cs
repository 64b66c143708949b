namespace Lab.Results;

/// <summary>A straight line through points by least squares: y = <see cref="Intercept"/> + <see cref="Slope"/>·x.</summary>
/// <param name="RSquared">Share of the variance of y that the line explains, 0 … 1; 1 for points that do not vary.</param>
public readonly record struct LinearFit(double Slope, double Intercept, double RSquared)
{
    /// <param name="points">At least two, not all with the same x.</param>
    /// <exception cref="ArgumentException">Too few points.</exception>
    public static LinearFit Through(IReadOnlyList<(double X, double Y)> points)
    {
        double meanX = points.Average(point => point.X);
        double meanY = points.Average(point => point.Y);
        double sxx = points.Sum(point => (point.X - meanX) * (point.X - meanX));
        if (points.Count < 2 || sxx == 0) throw new ArgumentException("A line needs two points of different x.", nameof(points));
        double sxy = points.Sum(point => (point.X - meanX) * (point.Y - meanY));
        double syy = points.Sum(point => (point.Y - meanY) * (point.Y - meanY));
        double slope = sxy / sxx;
        return new LinearFit(slope, meanY - slope * meanX, syy == 0 ? 1 : sxy * sxy / (sxx * syy));
    }
}
